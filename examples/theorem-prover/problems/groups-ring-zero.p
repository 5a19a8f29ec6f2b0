% In a ring, zero times anything is zero.
cnf(zero, axiom, add(zero, X) = X).
cnf(negative, axiom, add(neg(X), X) = zero).
cnf(add_associative, axiom, add(add(X, Y), Z) = add(X, add(Y, Z))).
cnf(add_commutative, axiom, add(X, Y) = add(Y, X)).
cnf(left, axiom, mul(X, add(Y, Z)) = add(mul(X, Y), mul(X, Z))).
cnf(right, axiom, mul(add(X, Y), Z) = add(mul(X, Z), mul(Y, Z))).
cnf(goal, negated_conjecture, mul(zero, a) != zero).
