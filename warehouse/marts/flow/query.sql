SELECT origin, state, count, status
FROM persons_state_origin
WHERE origin <> 'unknown'
ORDER BY origin, state
