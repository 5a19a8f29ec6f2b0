% Symmetric difference is associative, element by element.
fof(minus, axiom, ! [A, B, X] : (in(X, minus(A, B)) <=> (in(X, A) & ~ in(X, B)))).
fof(union, axiom, ! [A, B, X] : (in(X, union(A, B)) <=> (in(X, A) | in(X, B)))).
fof(delta, axiom, ! [A, B] : delta(A, B) = union(minus(A, B), minus(B, A))).
fof(extension, axiom, ! [A, B] : (! [X] : (in(X, A) <=> in(X, B)) => A = B)).
fof(goal, conjecture, ! [A, B, C] : delta(A, delta(B, C)) = delta(delta(A, B), C)).
