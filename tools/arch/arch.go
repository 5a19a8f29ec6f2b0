// Package arch holds no code: its tests check the shape of the tree, such as
// package comments, sizes, and what a plugin author's program depends on.
package arch
