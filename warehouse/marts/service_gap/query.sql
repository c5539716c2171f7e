SELECT identified, referred, served, count, status
FROM persons_referred_served_identified
ORDER BY identified, referred, served
