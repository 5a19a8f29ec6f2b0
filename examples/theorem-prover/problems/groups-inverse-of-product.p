% The inverse of a product is the product of the inverses, turned round.
cnf(unit, axiom, mul(one, X) = X).
cnf(inverse, axiom, mul(inv(X), X) = one).
cnf(associative, axiom, mul(mul(X, Y), Z) = mul(X, mul(Y, Z))).
cnf(goal, negated_conjecture, inv(mul(a, b)) != mul(inv(b), inv(a))).
