// Package attack holds modules that try to harm whoever runs them, and the tests
// that they fail to: "make attack" prints the table and, as a control, how the same
// modules fare against wazero's stock settings in a child process.
//
// It owns no code that anybody imports. The sources of the modules are in testdata,
// as WebAssembly text and one Go program.
package attack
