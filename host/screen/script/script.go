// Package script judges programs in Python, Perl, Ruby, PHP, JavaScript, Lua and awk by the calls that give a program
// the run of the host: starting commands, sockets, code made at run time. It has no parser for them: comments are left
// out and the rest is looked at call by call, so that what it says is coarser than what package shell says.
//
// It is pure and may be used from several goroutines.
package script

import (
	"strings"

	"github.com/homeostat/homeostat/host/screen/pattern"
	"github.com/homeostat/homeostat/host/screen/risk"
)

type sign struct {
	pattern *pattern.Pattern
	rule    string
	text    string
	level   risk.Level
	lasting bool
}

// shellName is a shell as an argument.
const shellName = `['"(\[ ](/bin/|/usr/bin/)?(ba|da|z|k|c)?sh['")\], ]`

var signs = []sign{
	{pattern.New(`pty\.spawn|os\.dup2|TCPSocket|fsockopen|IO::Socket|net\.connect\(|new net\.Socket|socket\.tcp\(|socket\.socket\(|/inet/tcp|use Socket|require\(['"](socket|net)['"]\)`), "script.network", "a connection made by hand", risk.High, true},
	{pattern.New(`\b(os\.(system|popen|exec[lv]p?e?|spawn\w*)|subprocess\.\w+|commands\.getoutput|child_process|execSync|spawnSync|shell_exec|passthru|proc_open|pcntl_exec|popen|io\.popen|os\.execute|Runtime\.getRuntime|Deno\.run|Kernel\.(exec|system|spawn)|Process\.spawn)\b[^\n]*` + shellName), "script.run", "starts a shell", risk.High, false},
	{pattern.New(`\b(exec|system|spawn)\b\s*[({]?\s*['"](/bin/|/usr/bin/)?(ba|da|z|k|c)?sh\b`), "script.run", "starts a shell", risk.High, false},
	{pattern.New(`\b(system|exec|os\.system|os\.popen|popen|passthru|shell_exec|execSync|os\.execute|subprocess\.\w+)\s*\(?[^\n]*(rm -rf|mkfs|curl |wget |\bnc |/dev/tcp|chmod 777|chmod \+?[u4]|base64|dd if=)`), "script.run", "starts a command that destroys or fetches", risk.High, true},
	{pattern.New(`\b(eval|exec|assert|create_function|instance_eval|Function|loadstring|load|compile|preg_replace)\s*\(?\s*[^\n]*(base64|b64decode|decode\(|fromhex|unhexlify|\$_(GET|POST|REQUEST|COOKIE)|urlopen|requests\.get|gets|file_get_contents\(['"]http|atob|chr\(|fromCharCode|gzinflate|str_rot13|marshal|zlib|rot13|pack\(|request\.|params|input\(|__import__|sys\.argv|process\.argv|ARGV)`), "script.dynamic", "runs code made at run time", risk.High, false},
	{pattern.New(`\b(system|exec|passthru|shell_exec|popen|os\.system|os\.popen|execSync|subprocess\.\w+)\s*\(?\s*[^\n]*(\$_(GET|POST|REQUEST|COOKIE)|request\.|req\.(query|body|params)|params\[|input\(|sys\.argv|shell\s*=\s*True)`), "script.run", "starts a command that comes from outside", risk.High, false},
	{pattern.New(`pickle\.loads?\(|cPickle|yaml\.load\([^,)]*\)|marshal\.loads|unserialize\(\$|Marshal\.load|jsonpickle|dill\.loads?|yaml\.unsafe_load|node-serialize`), "script.dynamic", "makes objects of what comes from outside", risk.High, false},
	{pattern.New(`shutil\.rmtree\(\s*['"](/|~|\.\.?)['"/]?\s*[,)]|shutil\.rmtree\(['"]/(etc|usr|home|var|bin|root|boot)['"/]|FileUtils\.rm_rf?\(?\s*['"]/['"]|fs\.rm(Sync|dirSync)?\(['"]/['"]|rimraf\(?['"]/|unlink\s*\(?glob|File\.delete\(\*?Dir`), "script.destroy", "deletes a tree", risk.Critical, true},
	{pattern.New(`(open|read|readFileSync|file_get_contents|slurp|File\.read|fopen)\s*\(?\s*['"]/(etc/shadow|etc/sudoers|root/\.ssh|proc/self/mem|dev/sd|dev/mem)|(open|write|fopen|writeFileSync|file_put_contents)\s*\(?\s*['"]/etc/(passwd|cron|sudoers|ld\.so)`), "script.secret", "opens what only root should", risk.High, false},
	{pattern.New(`os\.set(e|re|res)?[ug]id\s*\(\s*0|POSIX::set[ug]id|posix_set[ug]id\(0|Process::(Sys|UID)|process\.set[ug]id\(0|os\.chmod\([^)]*0o?[4267][0-7]{3}\)|setuid\s*\(?0|chmod\s*\(?\s*0?[4267][0-7]{3}\s*,`), "script.rights", "takes the rights of root", risk.High, false},
	{pattern.New(`BEGIN\s*\{\s*system|\bsystem\s*\(\s*"?(/bin/)?(ba)?sh|\|\s*"?(/bin/)?(ba)?sh["']?\s*[}|]|\bcmd\s*\|\s*getline`), "script.run", "awk starts a command", risk.High, false},
	{pattern.New(`ctypes\.(CDLL|cdll)|memfd_create|syscall\s*\(?\s*319|ffi\.|DynaLoader|mmap\.mmap\([^)]*PROT_EXEC`), "script.load", "loads machine code", risk.High, false},
	{pattern.New(`verify\s*=\s*False|CURLOPT_SSL_VERIFYPEER\s*,\s*(0|false)|rejectUnauthorized\s*:\s*false|NODE_TLS_REJECT_UNAUTHORIZED|_create_unverified_context|VERIFY_NONE|CERT_NONE`), "script.trust", "does not check whom it speaks to", risk.High, false},
	{pattern.New(`while\s*(True|1|\(1\)|\(true\)|true)\s*[:{]?\s*(os\.)?fork|fork\s+while\s+fork|os\.fork\(\)\s*while|loop\s*\{\s*fork`), "script.exhaust", "starts itself over and over", risk.Critical, false},
	{pattern.New(`\bexec\s*\(\s*[A-Za-z_$]|\beval\s*\(\s*[A-Za-z_$]|\beval\s+\$`), "script.dynamic", "runs code made at run time", risk.High, false},
	{pattern.New(`(shell_exec|passthru|proc_open|popen)\s*\(|\bos\.(system|popen)\s*\(|child_process|subprocess\.(run|call|Popen|check_\w+|getoutput)|` + "`[^`]*(rm|curl|wget|nc) "), "script.run", "starts a command", risk.Medium, false},
	{pattern.New(`innerHTML\s*=|document\.write\(|dangerouslySetInnerHTML|\|\s*safe\b|mark_safe\(|html_safe|raw\(params`), "script.trust", "puts text into a page as it is", risk.Medium, false},
	{pattern.New(`hashlib\.(md5|sha1)\(.*pass|md5\(\$?pass|createHash\(['"]md5`), "script.trust", "a weak hash of a password", risk.Medium, false},
	{pattern.New(`(execute|query|raw)\s*\(\s*(f['"]|['"][^'"]*['"]\s*(\+|%|\.format|\.\s*\$))|(SELECT|INSERT|UPDATE|DELETE)\s[^;\n]*['"]\s*(\+|\.)\s*(\$_|req|request|params|user|input|\w+\s*\+)`), "script.sql", "a statement glued together from parts", risk.High, false},
	{pattern.New(`debug\s*=\s*True|host\s*=\s*['"]0\.0\.0\.0['"]`), "script.trust", "open to the network, or with a debugger", risk.Medium, false},
}

// comment is a comment to the end of a line. It needs a blank before it, so that an address is no comment.
var comment = pattern.New(`(?m)(^|\s)(#|//)\s.*$`)

// Judge returns what the program does that a person might want to know of. Of each line the worst two are kept.
func Judge(source string) []risk.Finding {
	var found []risk.Finding
	for i, line := range strings.Split(comment.ReplaceAllString(source, "$1"), "\n") {
		said := map[string]bool{}
		for _, s := range signs {
			if said[s.rule] || !s.pattern.MatchString(line) {
				continue
			}
			said[s.rule] = true
			found = append(found, risk.Finding{Line: i + 1, Rule: s.rule, Text: s.text + ": " + risk.Excerpt(line), Level: s.level, Lasting: s.lasting})
		}
	}
	return risk.Tidy(found)
}
