% In a distributive lattice the two medians are equal.
cnf(m1, axiom, meet(X, Y) = meet(Y, X)).
cnf(j1, axiom, join(X, Y) = join(Y, X)).
cnf(m2, axiom, meet(meet(X, Y), Z) = meet(X, meet(Y, Z))).
cnf(j2, axiom, join(join(X, Y), Z) = join(X, join(Y, Z))).
cnf(a1, axiom, meet(X, join(X, Y)) = X).
cnf(a2, axiom, join(X, meet(X, Y)) = X).
cnf(distributive, hypothesis, meet(X, join(Y, Z)) = join(meet(X, Y), meet(X, Z))).
cnf(goal, negated_conjecture,
    join(meet(a, b), join(meet(b, c), meet(c, a))) != meet(join(a, b), meet(join(b, c), join(c, a)))).
