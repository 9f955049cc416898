SELECT st, p AS key, o AS value
FROM triple JOIN (SELECT DISTINCT st FROM link WHERE thing = {actor} ORDER BY st LIMIT 500) ON s = st
