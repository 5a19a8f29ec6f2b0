% Condensed detachment: with Lukasiewicz' three axioms, p implies p.
cnf(detach, axiom, ~ thm(imp(X, Y)) | ~ thm(X) | thm(Y)).
cnf(l1, axiom, thm(imp(imp(X, Y), imp(imp(Y, Z), imp(X, Z))))).
cnf(l2, axiom, thm(imp(imp(neg(X), X), X))).
cnf(l3, axiom, thm(imp(X, imp(neg(X), Y)))).
cnf(goal, negated_conjecture, ~ thm(imp(a, a))).
