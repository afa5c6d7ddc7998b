/**
 * The numbers by which the client and the agent name breakpoints of every kind. The same breakpoint keeps its number
 * when a list is sent again, so that the client can tell which is which.
 */
export class BreakpointIds {
  private readonly ids = new Map<string, number>();

  /**
   * @param key what makes it the same breakpoint, its kind included
   * @param used the numbers that its list has so far: equal ones are told apart by their order
   */
  of(key: string, used: Set<number>): number {
    for (let nth = 1; ; nth++) {
      const id = this.numbered(`${nth}:${key}`);
      if (used.has(id)) continue;
      used.add(id);
      return id;
    }
  }

  private numbered(key: string): number {
    const id = this.ids.get(key) ?? this.ids.size + 1;
    this.ids.set(key, id);
    return id;
  }
}
