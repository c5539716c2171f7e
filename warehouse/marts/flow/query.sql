SELECT origin, state, count, status
FROM persons_origin_state_identified WHERE identified = 'yes'
ORDER BY origin, state
