% A quasigroup with x(xy) = y and (yx)x = y is commutative.
cnf(left, axiom, mul(X, mul(X, Y)) = Y).
cnf(right, axiom, mul(mul(Y, X), X) = Y).
cnf(goal, negated_conjecture, mul(a, b) != mul(b, a)).
