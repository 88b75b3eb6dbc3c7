"""Who asks: each module is one way to tell, and whoever it cannot tell is nobody."""
