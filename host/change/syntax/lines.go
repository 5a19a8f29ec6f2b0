package syntax

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var section = regexp.MustCompile(`^\[[^\]]+\]\s*([#;].*)?$`)

// iniFile checks that each line is a section, a setting, a comment, or goes on with the line before.
func iniFile(content []byte) []Problem {
	var problems []Problem
	for i, line := range strings.Split(string(content), "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';' || strings.HasPrefix(trimmed, "!include"):
		case trimmed[0] == '[':
			if !section.MatchString(trimmed) {
				problems = append(problems, Problem{i + 1, "the name of the section does not end with ]"})
			}
		case strings.HasPrefix(trimmed, "=") || strings.HasPrefix(trimmed, ":"):
			problems = append(problems, Problem{i + 1, "a value without a key"})
		}
	}
	return problems[:min(len(problems), maxProblems)]
}

// sections of units, as in the manuals of systemd. Those that begin with X- are for others.
var sections = regexp.MustCompile(`^\[(Unit|Install|Service|Socket|Timer|Mount|Automount|Path|Swap|Slice|Scope|Manager|Match|Network|Link|NetDev|Journal|Login|Resolve|Time|Exec|Files|[A-Z][A-Za-z0-9 -]*|X-[^\]]+)\]$`)

var unitKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

// Values of keys that take a word of a list.
var unitWords = map[string]string{
	"Type": "simple exec forking oneshot dbus notify notify-reload idle", "Restart": "no always on-success on-failure on-abnormal on-abort on-watchdog", "KillMode": "control-group mixed process none",
	"NotifyAccess": "none main exec all",
}

var unitSpan = regexp.MustCompile(`^(infinity|\d+(\.\d+)?\s*(us|usec|ms|msec|s|sec|second|seconds|m|min|minute|minutes|h|hr|hour|hours|d|day|days|w|week|weeks|M|month|months|y|year|years)?(\s*\d+(\.\d+)?\s*[A-Za-z]*)*)$`)

// unitFile checks a unit or a drop-in.
func unitFile(content []byte) []Problem {
	var problems []Problem
	add := func(line int, format string, args ...any) {
		problems = append(problems, Problem{line, fmt.Sprintf(format, args...)})
	}
	inside, goesOn := "", false
	for i, line := range strings.Split(string(content), "\n") {
		trimmed := strings.TrimSpace(line)
		if goesOn && (trimmed == "" || trimmed[0] != '#') {
			goesOn = strings.HasSuffix(trimmed, `\`)
			continue
		}
		if trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';' {
			continue
		}
		goesOn = strings.HasSuffix(trimmed, `\`)
		if trimmed[0] == '[' {
			inside = trimmed
			if !sections.MatchString(trimmed) {
				add(i+1, "%s is not the name of a section", trimmed)
			}
			continue
		}
		if text := unitSetting(inside, trimmed); text != "" {
			add(i+1, "%s", text)
		}
	}
	return problems[:min(len(problems), maxProblems)]
}

// unitSetting says what is wrong with a line of a unit, nothing if it is well formed.
func unitSetting(inside, line string) string {
	key, value, ok := strings.Cut(line, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	words, limited := unitWords[key]
	switch {
	case !ok:
		return "neither a section nor a setting: " + line
	case inside == "":
		return key + " stands before the first section"
	case !unitKey.MatchString(key):
		return fmt.Sprintf("%q is no name of a setting", key)
	case inside == "[Service]" && limited && value != "" && !strings.Contains(" "+words+" ", " "+value+" "):
		return fmt.Sprintf("%s=%s: want one of %s", key, value, words)
	case inside == "[Service]" && strings.HasPrefix(key, "Exec") && value != "" && !command(value):
		return fmt.Sprintf("%s wants the path of a program, got %q", key, value)
	case inside == "[Service]" && (key == "RestartSec" || key == "TimeoutStartSec" || key == "TimeoutStopSec" || key == "TimeoutSec") && value != "" && !unitSpan.MatchString(value):
		return fmt.Sprintf("%s=%s is no span of time", key, value)
	}
	return ""
}

// command says that a value may be a command: it has a program after the prefixes, and its quotes pair.
func command(value string) bool {
	value = strings.TrimLeft(value, "-@:+!|")
	if value == "" || value[0] == '=' {
		return false
	}
	quote := byte(0)
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\'') && (i == 0 || value[i-1] == ' ' || value[i-1] == '\t'):
			quote = c
		}
	}
	return quote == 0 || strings.HasSuffix(value, `\`)
}

// column is one of the five columns of a time in a crontab.
type column struct {
	name     string
	min, max int
	names    string // by number from min, separated by blanks
}

// columns are those of crontab(5).
var columns = []column{
	{"minute", 0, 59, ""}, {"hour", 0, 23, ""}, {"day of the month", 1, 31, ""}, {"month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"}, {"day of the week", 0, 7, "sun mon tue wed thu fri sat sun"},
}

var cronSetting = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*\s*=`)

const cronNames = " @reboot @yearly @annually @monthly @weekly @daily @midnight @hourly "

func userCrontab(content []byte) []Problem { return crontab(content, 1) }

// systemCrontab has a column for the user before the command.
func systemCrontab(content []byte) []Problem { return crontab(content, 2) }

func crontab(content []byte, words int) []Problem {
	var problems []Problem
	text := string(content)
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' || cronSetting.MatchString(trimmed) {
			continue
		}
		if wrong := cronLine(strings.Fields(trimmed), words); wrong != "" {
			problems = append(problems, Problem{i + 1, wrong})
		}
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		problems = append(problems, Problem{1 + strings.Count(text, "\n"), "the last line does not end, so cron leaves it out"})
	}
	return problems[:min(len(problems), maxProblems)]
}

func cronLine(fields []string, words int) string {
	times := len(columns)
	if strings.HasPrefix(fields[0], "@") {
		if !strings.Contains(cronNames, " "+fields[0]+" ") {
			return fields[0] + " is no time"
		}
		times = 1
	}
	if len(fields) < times+words {
		return fmt.Sprintf("%d columns, want at least %d", len(fields), times+words)
	}
	for i := 0; i < times && times > 1; i++ {
		if wrong := columns[i].check(fields[i]); wrong != "" {
			return wrong
		}
	}
	return ""
}

// check says what is wrong with a column: a list of ranges with steps.
func (c column) check(text string) string {
	for _, part := range strings.Split(strings.ToLower(text), ",") {
		span, step, stepped := strings.Cut(part, "/")
		if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1) {
			return fmt.Sprintf("%s: %q is no step", c.name, part)
		}
		if span == "*" {
			continue
		}
		from, to, ranged := strings.Cut(span, "-")
		low, ok := c.number(from)
		high := low
		if ranged && ok {
			high, ok = c.number(to)
		}
		if !ok || low > high {
			return fmt.Sprintf("%s: %q is not within %d to %d", c.name, part, c.min, c.max)
		}
	}
	return ""
}

func (c column) number(text string) (int, bool) {
	for i, name := range strings.Fields(c.names) {
		if name == text {
			return c.min + i, true
		}
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= c.min && n <= c.max
}
