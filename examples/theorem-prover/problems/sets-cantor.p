% No function reaches every subset.
fof(extension, axiom, ! [A, B] : (! [X] : (in(X, A) <=> in(X, B)) => A = B)).
fof(diagonal, axiom, ! [X] : (in(X, diagonal) <=> ~ in(X, f(X)))).
fof(goal, conjecture, ~ ! [A] : ? [X] : f(X) = A).
