% There is somebody such that, if he drinks, everybody does; and then some more.
fof(goal, conjecture, ? [X] : (drinks(X) => ! [Y] : drinks(Y)) & ? [X] : ! [Y] : (p(X) | ~ p(Y))).
