// Package proof holds no code: its tests change homeostat itself, with real programs under a real guard, and spoil it in
// every way that the guard is there for.
package proof
