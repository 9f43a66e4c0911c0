// Types of installPostgres.mjs, which is plain Node so that it runs before any package is installed.
export declare const releases: Readonly<Record<number, string>>
export declare const wantedMajors: readonly number[]
export declare function cacheFolder(): string
export declare function findPostgres(): Record<number, string>
export declare function installPostgres(majors?: readonly number[], log?: (text: string) => void): Promise<Record<number, string>>
export declare function debianMirror(): string
