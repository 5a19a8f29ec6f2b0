% Ordered pairs, made of sets, are equal in both coordinates.
fof(pair, axiom, ! [A, B, X] : (in(X, pair(A, B)) <=> (X = A | X = B))).
fof(ordered, axiom, ! [A, B] : ordered(A, B) = pair(pair(A, A), pair(A, B))).
fof(extension, axiom, ! [A, B] : (! [X] : (in(X, A) <=> in(X, B)) => A = B)).
fof(goal, conjecture, ! [A, B, C, D] : (ordered(A, B) = ordered(C, D) => (A = C & B = D))).
