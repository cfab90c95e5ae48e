(component
  (import "wasi:http/types@0.2.0" (instance $types
    (export "incoming-request" (type (sub resource)))
    (export "response-outparam" (type (sub resource)))))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $response))
  (core module $code
    (memory (export "memory") 1)
    (func (export "handle") (param i32 i32))
    (func (export "run") (result i32) i32.const 0))
  (core instance $code (instantiate $code))
  (func $handle (param "request" (own $request)) (param "response-out" (own $response))
    (canon lift (core func $code "handle")))
  (instance $handler (export "handle" (func $handle)))
  (func $run (result (result)) (canon lift (core func $code "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:http/incoming-handler@0.2.3" (instance $handler)))
