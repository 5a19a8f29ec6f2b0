;; Wants to spawn threads of its own.
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (loop $l (drop (call $spawn (i32.const 0))) (br $l))))
