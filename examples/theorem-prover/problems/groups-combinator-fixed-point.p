% With B and W every combinator has a fixed point.
cnf(b, axiom, app(app(app(b, X), Y), Z) = app(X, app(Y, Z))).
cnf(w, axiom, app(app(w, X), Y) = app(app(X, Y), Y)).
cnf(goal, negated_conjecture, app(f, X) != X).
