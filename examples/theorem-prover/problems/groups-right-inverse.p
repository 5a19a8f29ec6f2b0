% In a group left inverses are right inverses.
cnf(unit, axiom, mul(one, X) = X).
cnf(inverse, axiom, mul(inv(X), X) = one).
cnf(associative, axiom, mul(mul(X, Y), Z) = mul(X, mul(Y, Z))).
cnf(goal, negated_conjecture, mul(a, inv(a)) != one).
