/** What to say of a count: `other`, unless the language has a form of its own for it. */
export interface PluralForms {
  readonly one?: string;
  readonly other: string;
}

/** The choice among forms by the rules of a language. https://www.unicode.org/reports/tr35/tr35-numbers.html#Language_Plural_Rules */
export function pluralIn(language: string): (count: number, forms: PluralForms) => string {
  const rules = new Intl.PluralRules(language);
  return (count, forms) => (rules.select(count) === "one" && forms.one !== undefined ? forms.one : forms.other);
}
