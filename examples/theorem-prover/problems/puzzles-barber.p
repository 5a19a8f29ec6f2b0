% Nobody shaves exactly those who do not shave themselves.
fof(goal, conjecture, ~ ? [B] : ! [X] : (shaves(B, X) <=> ~ shaves(X, X))).
