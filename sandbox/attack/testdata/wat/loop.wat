;; A loop without an end and without a call.
(module (memory (export "memory") 1)
  (func (export "_start") (loop $l (br $l))))
