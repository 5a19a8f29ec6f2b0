% A group in which every square is the identity is abelian.
cnf(unit, axiom, mul(one, X) = X).
cnf(inverse, axiom, mul(inv(X), X) = one).
cnf(associative, axiom, mul(mul(X, Y), Z) = mul(X, mul(Y, Z))).
cnf(squares, hypothesis, mul(X, X) = one).
cnf(goal, negated_conjecture, mul(a, b) != mul(b, a)).
