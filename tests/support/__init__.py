"""What the tests share: real servers, and histories of operations to fill them with."""
