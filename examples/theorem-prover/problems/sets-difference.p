% What is in one set and not in the union of two others is in both differences.
fof(minus, axiom, ! [A, B, X] : (in(X, minus(A, B)) <=> (in(X, A) & ~ in(X, B)))).
fof(union, axiom, ! [A, B, X] : (in(X, union(A, B)) <=> (in(X, A) | in(X, B)))).
fof(cut, axiom, ! [A, B, X] : (in(X, cut(A, B)) <=> (in(X, A) & in(X, B)))).
fof(goal, conjecture, ! [A, B, C, X] : (in(X, minus(A, union(B, C))) <=> in(X, cut(minus(A, B), minus(A, C))))).
