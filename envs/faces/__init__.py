"""What the rows of a game look like to others: painters of scenes here, environment interfaces beside them."""
