"""One file for each thing the window draws. A panel is given a canvas, a rectangle and a view; none knows a game."""
