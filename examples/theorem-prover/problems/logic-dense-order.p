% Between two points of a dense order are three.
fof(transitive, axiom, ! [X, Y, Z] : ((less(X, Y) & less(Y, Z)) => less(X, Z))).
fof(irreflexive, axiom, ! [X] : ~ less(X, X)).
fof(dense, axiom, ! [X, Y] : (less(X, Y) => ? [Z] : (less(X, Z) & less(Z, Y)))).
fof(goal, conjecture, ! [A, E] : (less(A, E) => ? [B, C, D] : (less(A, B) & less(B, C) & less(C, D) & less(D, E)))).
