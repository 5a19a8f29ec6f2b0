% In a group of exponent three the commutator [[a, b], b] is the identity.
cnf(unit, axiom, mul(one, X) = X).
cnf(unit_right, axiom, mul(X, one) = X).
cnf(inverse, axiom, mul(inv(X), X) = one).
cnf(inverse_right, axiom, mul(X, inv(X)) = one).
cnf(associative, axiom, mul(mul(X, Y), Z) = mul(X, mul(Y, Z))).
cnf(cubes, hypothesis, mul(X, mul(X, X)) = one).
cnf(commutator, axiom, com(X, Y) = mul(X, mul(Y, mul(inv(X), inv(Y))))).
cnf(goal, negated_conjecture, com(com(a, b), b) != one).
