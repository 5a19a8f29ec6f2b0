% A distributive lattice is modular.
cnf(m1, axiom, meet(X, Y) = meet(Y, X)).
cnf(j1, axiom, join(X, Y) = join(Y, X)).
cnf(m2, axiom, meet(meet(X, Y), Z) = meet(X, meet(Y, Z))).
cnf(j2, axiom, join(join(X, Y), Z) = join(X, join(Y, Z))).
cnf(a1, axiom, meet(X, join(X, Y)) = X).
cnf(a2, axiom, join(X, meet(X, Y)) = X).
cnf(distributive, hypothesis, meet(X, join(Y, Z)) = join(meet(X, Y), meet(X, Z))).
cnf(below, hypothesis, meet(a, c) = a).
cnf(goal, negated_conjecture, join(a, meet(b, c)) != meet(join(a, b), c)).
