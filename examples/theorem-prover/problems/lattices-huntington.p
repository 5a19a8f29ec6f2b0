% In a Boolean algebra complements are unique.
cnf(c1, axiom, or(X, Y) = or(Y, X)).
cnf(c2, axiom, and(X, Y) = and(Y, X)).
cnf(d1, axiom, or(X, and(Y, Z)) = and(or(X, Y), or(X, Z))).
cnf(d2, axiom, and(X, or(Y, Z)) = or(and(X, Y), and(X, Z))).
cnf(i1, axiom, or(X, zero) = X).
cnf(i2, axiom, and(X, one) = X).
cnf(n1, axiom, or(X, not(X)) = one).
cnf(n2, axiom, and(X, not(X)) = zero).
cnf(sum, hypothesis, or(a, b) = one).
cnf(product, hypothesis, and(a, b) = zero).
cnf(goal, negated_conjecture, b != not(a)).
