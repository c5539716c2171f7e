SELECT identified, referred, served, count, status
FROM persons_identified_referred_served
ORDER BY identified, referred, served
