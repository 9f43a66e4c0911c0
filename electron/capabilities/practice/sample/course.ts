// The small database of the backup course: a number, an empty string and a NULL, which COPY has to keep apart.

export const courseDatabase = 'course'

export const courseSql = `
CREATE TABLE public.t (id numeric, s text);
INSERT INTO public.t VALUES (1, 'Hello!'), (2, ''), (3, NULL);
COMMENT ON TABLE public.t IS 'From the PostgreSQL backup course: row 2 holds the empty string, row 3 holds NULL.';
ANALYZE public.t;
`
