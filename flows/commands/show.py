"""`liveloom demo`."""
def add(s): pass
