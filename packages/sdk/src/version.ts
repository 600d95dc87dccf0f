/** As package.json has it; a test compares them. */
export const SDK = "perdure/0.1.0";
