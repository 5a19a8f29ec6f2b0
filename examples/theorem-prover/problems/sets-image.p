% The image of a union is the union of the images.
fof(union, axiom, ! [A, B, X] : (in(X, union(A, B)) <=> (in(X, A) | in(X, B)))).
fof(image, axiom, ! [A, Y] : (in(Y, image(A)) <=> ? [X] : (in(X, A) & f(X) = Y))).
fof(goal, conjecture, ! [A, B, Y] : (in(Y, image(union(A, B))) <=> in(Y, union(image(A), image(B))))).
