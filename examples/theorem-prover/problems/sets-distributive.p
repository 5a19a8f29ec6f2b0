% Intersection distributes over union, element by element.
fof(union, axiom, ! [A, B, X] : (in(X, union(A, B)) <=> (in(X, A) | in(X, B)))).
fof(cut, axiom, ! [A, B, X] : (in(X, cut(A, B)) <=> (in(X, A) & in(X, B)))).
fof(goal, conjecture, ! [A, B, C, X] : (in(X, cut(A, union(B, C))) <=> in(X, union(cut(A, B), cut(A, C))))).
