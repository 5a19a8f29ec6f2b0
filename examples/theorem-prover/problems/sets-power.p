% A part of a cut is a part of both.
fof(cut, axiom, ! [A, B, X] : (in(X, cut(A, B)) <=> (in(X, A) & in(X, B)))).
fof(subset, axiom, ! [A, B] : (subset(A, B) <=> ! [X] : (in(X, A) => in(X, B)))).
fof(power, axiom, ! [A, X] : (in(X, power(A)) <=> subset(X, A))).
fof(goal, conjecture, ! [A, B, C] : (in(C, power(cut(A, B))) => in(C, cut(power(A), power(B))))).
