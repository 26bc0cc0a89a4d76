/** Scales the highest score to 100. Source: plugins/helper/normalize_score.go. */
export function normalizeToHundred(scores: number[], reverse: boolean): void {
  let highest = 0;
  for (const score of scores) if (score > highest) highest = score;
  for (const [i, score] of scores.entries()) {
    if (highest === 0) scores[i] = reverse ? 100 : score;
    else scores[i] = reverse ? 100 - Math.trunc((100 * score) / highest) : Math.trunc((100 * score) / highest);
  }
}
