const ALL_TESTS = [
  "libs/*/test/**/*.test.ts",
  "services/*/test/**/*.test.ts",
  "scripts/test/**/*.test.ts",
  "k8s/test/**/*.test.ts",
  "e2e/**/*.test.ts",
];

/** Everything on the command line goes to mocha; without a file or pattern among it, all tests run. */
export function mochaArguments(parameters: readonly string[]): string[] {
  if (parameters.some((parameter) => /^(--reporter|-R)\b/.test(parameter))) {
    throw new Error("The reporter is fixed, since the numbers at the end come from it; use npx mocha for another one.");
  }
  return parameters.some(namesTests) ? [...parameters] : [...parameters, ...ALL_TESTS];
}

function namesTests(parameter: string): boolean {
  return /\.test\.ts$/.test(parameter) || /^(\.\/)?(libs|services|scripts|k8s|e2e)(\/|$)/.test(parameter);
}
