// Package syntax owns the built-in validators: whether a file is well formed, by its kind, and if not where. It does not
// ask whether the content makes sense to the program that reads it; that is for the root's own validators.
//
// It is pure and may be used from several goroutines.
package syntax

import (
	"fmt"

	"github.com/homeostat/homeostat/host/filekind"
)

// Verdict is the result of a check.
type Verdict string

// The verdicts. Skipped says that there is no check for such a file; Inconclusive that it is too long for one.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive"
	Skipped      Verdict = "skipped"
)

// Problem is one place where a file is not well formed.
type Problem struct {
	// Line counts from 1; 0 stands for the file as a whole.
	Line int
	Text string
}

// checker returns what is wrong with a text, nothing for a well formed one.
type checker func(content []byte) []Problem

var checkers = map[filekind.Kind]checker{
	filekind.Go: goFile, filekind.JSON: jsonFile, filekind.TOML: tomlFile, filekind.YAML: yamlFile, filekind.INI: iniFile, filekind.Shell: shellFile,
	filekind.Unit: unitFile, filekind.Crontab: userCrontab, filekind.SystemCron: systemCrontab,
}

// Check checks a file. The path, relative or absolute, and the first line decide which kind it is. Problems come with
// Fail and Inconclusive, in the order of their lines where the parser goes on after the first.
func Check(path string, content []byte) (verdict Verdict, problems []Problem) {
	kind := filekind.Of(path, content)
	check, ok := checkers[kind]
	if !ok {
		return Skipped, nil
	}
	if !filekind.Bounded(kind, string(content)) {
		return Inconclusive, []Problem{{0, fmt.Sprintf("%d bytes, or brackets too deep, for a check", len(content))}}
	}
	// The parsers are not ours: one that panics has found no verdict.
	defer func() {
		if recover() != nil {
			verdict, problems = Inconclusive, []Problem{{0, "the parser gave up on it"}}
		}
	}()
	if problems = check(content); len(problems) > 0 {
		return Fail, problems
	}
	return Pass, nil
}
