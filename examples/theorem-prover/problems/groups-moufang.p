% In a loop with the left Moufang law and inverses, mul(a, mul(a, b)) is mul(mul(a, a), b).
cnf(unit_left, axiom, mul(one, X) = X).
cnf(unit_right, axiom, mul(X, one) = X).
cnf(inverse_left, axiom, mul(inv(X), mul(X, Y)) = Y).
cnf(moufang, axiom, mul(mul(mul(X, Y), X), Z) = mul(X, mul(Y, mul(X, Z)))).
cnf(goal, negated_conjecture, mul(a, mul(a, b)) != mul(mul(a, a), b)).
