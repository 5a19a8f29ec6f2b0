% A transitive, irreflexive relation has no circle of four.
fof(transitive, axiom, ! [X, Y, Z] : ((less(X, Y) & less(Y, Z)) => less(X, Z))).
fof(irreflexive, axiom, ! [X] : ~ less(X, X)).
fof(goal, conjecture, ~ ? [A, B, C, D] : (less(A, B) & less(B, C) & less(C, D) & less(D, A))).
