using CsCheck;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Checks a property on generated cases whose seeds are 0, 1, 2, ...: the same in every run. A failure prints case and seed.</summary>
internal static class Property
{
    public static void Check<T>(Gen<T> cases, int count, Action<T> holds)
    {
        for (var i = 0; i < count; i++)
        {
            cases.Sample(holds, seed: new PCG((uint)i, 0).ToString(), iter: 1, threads: 1);
        }
    }
}
