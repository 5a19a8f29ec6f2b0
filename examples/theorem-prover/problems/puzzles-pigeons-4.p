% 5 pigeons do not fit into 4 holes.
cnf(sits_0, axiom, in(p0, h0) | in(p0, h1) | in(p0, h2) | in(p0, h3)).
cnf(sits_1, axiom, in(p1, h0) | in(p1, h1) | in(p1, h2) | in(p1, h3)).
cnf(sits_2, axiom, in(p2, h0) | in(p2, h1) | in(p2, h2) | in(p2, h3)).
cnf(sits_3, axiom, in(p3, h0) | in(p3, h1) | in(p3, h2) | in(p3, h3)).
cnf(sits_4, axiom, in(p4, h0) | in(p4, h1) | in(p4, h2) | in(p4, h3)).
cnf(alone_0_0_1, negated_conjecture, ~ in(p0, h0) | ~ in(p1, h0)).
cnf(alone_0_0_2, negated_conjecture, ~ in(p0, h0) | ~ in(p2, h0)).
cnf(alone_0_1_2, negated_conjecture, ~ in(p1, h0) | ~ in(p2, h0)).
cnf(alone_0_0_3, negated_conjecture, ~ in(p0, h0) | ~ in(p3, h0)).
cnf(alone_0_1_3, negated_conjecture, ~ in(p1, h0) | ~ in(p3, h0)).
cnf(alone_0_2_3, negated_conjecture, ~ in(p2, h0) | ~ in(p3, h0)).
cnf(alone_0_0_4, negated_conjecture, ~ in(p0, h0) | ~ in(p4, h0)).
cnf(alone_0_1_4, negated_conjecture, ~ in(p1, h0) | ~ in(p4, h0)).
cnf(alone_0_2_4, negated_conjecture, ~ in(p2, h0) | ~ in(p4, h0)).
cnf(alone_0_3_4, negated_conjecture, ~ in(p3, h0) | ~ in(p4, h0)).
cnf(alone_1_0_1, negated_conjecture, ~ in(p0, h1) | ~ in(p1, h1)).
cnf(alone_1_0_2, negated_conjecture, ~ in(p0, h1) | ~ in(p2, h1)).
cnf(alone_1_1_2, negated_conjecture, ~ in(p1, h1) | ~ in(p2, h1)).
cnf(alone_1_0_3, negated_conjecture, ~ in(p0, h1) | ~ in(p3, h1)).
cnf(alone_1_1_3, negated_conjecture, ~ in(p1, h1) | ~ in(p3, h1)).
cnf(alone_1_2_3, negated_conjecture, ~ in(p2, h1) | ~ in(p3, h1)).
cnf(alone_1_0_4, negated_conjecture, ~ in(p0, h1) | ~ in(p4, h1)).
cnf(alone_1_1_4, negated_conjecture, ~ in(p1, h1) | ~ in(p4, h1)).
cnf(alone_1_2_4, negated_conjecture, ~ in(p2, h1) | ~ in(p4, h1)).
cnf(alone_1_3_4, negated_conjecture, ~ in(p3, h1) | ~ in(p4, h1)).
cnf(alone_2_0_1, negated_conjecture, ~ in(p0, h2) | ~ in(p1, h2)).
cnf(alone_2_0_2, negated_conjecture, ~ in(p0, h2) | ~ in(p2, h2)).
cnf(alone_2_1_2, negated_conjecture, ~ in(p1, h2) | ~ in(p2, h2)).
cnf(alone_2_0_3, negated_conjecture, ~ in(p0, h2) | ~ in(p3, h2)).
cnf(alone_2_1_3, negated_conjecture, ~ in(p1, h2) | ~ in(p3, h2)).
cnf(alone_2_2_3, negated_conjecture, ~ in(p2, h2) | ~ in(p3, h2)).
cnf(alone_2_0_4, negated_conjecture, ~ in(p0, h2) | ~ in(p4, h2)).
cnf(alone_2_1_4, negated_conjecture, ~ in(p1, h2) | ~ in(p4, h2)).
cnf(alone_2_2_4, negated_conjecture, ~ in(p2, h2) | ~ in(p4, h2)).
cnf(alone_2_3_4, negated_conjecture, ~ in(p3, h2) | ~ in(p4, h2)).
cnf(alone_3_0_1, negated_conjecture, ~ in(p0, h3) | ~ in(p1, h3)).
cnf(alone_3_0_2, negated_conjecture, ~ in(p0, h3) | ~ in(p2, h3)).
cnf(alone_3_1_2, negated_conjecture, ~ in(p1, h3) | ~ in(p2, h3)).
cnf(alone_3_0_3, negated_conjecture, ~ in(p0, h3) | ~ in(p3, h3)).
cnf(alone_3_1_3, negated_conjecture, ~ in(p1, h3) | ~ in(p3, h3)).
cnf(alone_3_2_3, negated_conjecture, ~ in(p2, h3) | ~ in(p3, h3)).
cnf(alone_3_0_4, negated_conjecture, ~ in(p0, h3) | ~ in(p4, h3)).
cnf(alone_3_1_4, negated_conjecture, ~ in(p1, h3) | ~ in(p4, h3)).
cnf(alone_3_2_4, negated_conjecture, ~ in(p2, h3) | ~ in(p4, h3)).
cnf(alone_3_3_4, negated_conjecture, ~ in(p3, h3) | ~ in(p4, h3)).
