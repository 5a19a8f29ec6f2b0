% From S and K there is an identity, a composer, and a doubler.
cnf(s, axiom, app(app(app(s, X), Y), Z) = app(app(X, Z), app(Y, Z))).
cnf(k, axiom, app(app(k, X), Y) = X).
cnf(goal, negated_conjecture, app(app(app(X, a(X)), b(X)), c(X)) != app(a(X), app(b(X), c(X)))).
