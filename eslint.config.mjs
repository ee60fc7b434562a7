import nodePlugin from "eslint-plugin-n";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "data/"] },
  ...tseslint.configs.strictTypeChecked.map((entry) => ({ ...entry, files: ["**/*.ts", "**/*.tsx"] })),
  {
    files: ["**/*.ts", "**/*.tsx"],
    languageOptions: {
      parserOptions: { project: ["./tsconfig.json", "./console/tsconfig.json"], tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    plugins: { n: nodePlugin },
    rules: {
      // What is imported is declared: a package that another one happens to bring may be gone with its next version.
      "n/no-extraneous-import": "error",
      "max-lines": ["error", { max: 400 }],
      "max-lines-per-function": ["error", { max: 70, skipComments: true, skipBlankLines: true }],
      "no-restricted-syntax": ["error", { selector: "ExportDefaultDeclaration", message: "Name what you export." }],
      "no-restricted-properties": [
        "error",
        { object: "process", property: "env", message: "Only src/config reads the environment." },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ["test/**/*.ts", "conformance/**/*.ts"],
    rules: {
      "max-lines-per-function": "off",
      "no-restricted-properties": "off",
      "@typescript-eslint/no-unused-expressions": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  // The page is not run by Node; Vite bundles what it imports. Its markup is long, and its texts are numbers as well.
  {
    files: ["console/**/*.{ts,tsx}"],
    rules: {
      "max-lines-per-function": ["error", { max: 140, skipComments: true, skipBlankLines: true }],
      "n/no-extraneous-import": "off",
    },
  },
  { files: ["console/src/texts.ts"], rules: { "max-lines": "off" } },
  { files: ["src/config/**/*.ts"], rules: { "no-restricted-properties": "off" } },
  // The package brings its users what src imports, and not what only the tests need.
  {
    files: ["src/**/*.ts"],
    rules: {
      "n/no-unpublished-import": [
        "error",
        { ignoreTypeImport: true, convertPath: { "src/**/*.ts": ["^src/(.+)\\.ts$", "dist/src/$1.js"] } },
      ],
    },
  },
);
