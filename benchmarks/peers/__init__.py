"""What people would use instead, each set up as its documentation says: the list of runs, newest first, 50 a page.

Every module gives `page(address)`: what asks its application for that page, within this process, and gives the HTML.
All show the same columns, with the names of workspace and tenant, and filter by status and outcome where they can.
None is asked over a network, and none but Django, whose admin knows no other way, asks who is there.
"""
