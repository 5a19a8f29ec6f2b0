;; A loop in the start section: it runs while the module is instantiated.
(module (memory (export "memory") 1)
  (func $s (loop $l (br $l))) (start $s)
  (func (export "_start")))
